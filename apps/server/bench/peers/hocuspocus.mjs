import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Server } from '@hocuspocus/server'
import { applyUpdate, encodeStateAsUpdate } from 'yjs'

// Without STORE it keeps nothing. With it, its own debounce says when a document is written to a file there.
const folder = process.env.STORE
const fileOf = (name) => join(folder, encodeURIComponent(name))
const store = {
  async onLoadDocument({ document, documentName }) {
    if (existsSync(fileOf(documentName))) applyUpdate(document, readFileSync(fileOf(documentName)))
  },
  async onStoreDocument({ document, documentName }) {
    const written = `${fileOf(documentName)}.new`
    writeFileSync(written, encodeStateAsUpdate(document))
    renameSync(written, fileOf(documentName))
  },
}

const server = new Server({ address: '127.0.0.1', port: Number(process.env.PORT), quiet: true, ...(folder && store) })
await server.listen()
