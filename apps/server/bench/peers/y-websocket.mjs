import { createServer } from 'node:http'
import { setupWSConnection } from '@y/websocket-server/utils'
import { WebSocketServer } from 'ws'

// @y/websocket-server as its own command runs it, on the same ws as the other servers. YPERSISTENCE names its LevelDB.
const sockets = new WebSocketServer({ noServer: true })
const http = createServer((_request, response) => response.end('here'))
http.on('upgrade', (request, stream, head) =>
  sockets.handleUpgrade(request, stream, head, (socket) => setupWSConnection(socket, request)),
)
http.listen(Number(process.env.PORT), '127.0.0.1')
