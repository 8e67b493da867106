import * as Y from 'yjs'
import { Crowd } from './crowd.mjs'
import { history } from './marks.mjs'
import { Client } from './speech.mjs'
import { look, Storm } from './storm.mjs'

/** How many updates of a history may be unacknowledged, where the server acknowledges at all. */
const AHEAD = 50

let crowd = null
let storm = null
const sitting = new Map()
const histories = new Map()

const verbs = {
  async gather({ participants, perRoom }) {
    crowd = await Crowd.gather(participants, perRoom)
  },
  write: (asked) => crowd.write(asked),
  async disperse() {
    crowd.leave()
    crowd = null
  },

  /** People who come and do nothing, until their group is told to go. */
  async sit({ participants, group }) {
    const clients = sitting.get(group) ?? []
    sitting.set(group, clients)
    for (const participant of participants) clients.push(await new Client(participant).join())
  },
  async rise({ group }) {
    for (const client of sitting.get(group) ?? []) client.end()
    sitting.delete(group)
  },

  /** Writes a history into a document; made once, so that every server gets the same bytes. */
  async fill({ participant, acknowledges, ...shape }) {
    const key = JSON.stringify(shape)
    if (!histories.has(key)) histories.set(key, history(shape))
    const updates = histories.get(key)
    const client = await new Client(participant).join()
    client.announce(clientsOf(updates))
    for (const [i, update] of updates.entries()) {
      client.send(client.frameOf(update))
      while (acknowledges && i + 1 - client.acked > AHEAD) await pause(1, client)
      if (i % 20 === 0) await pause(0, client)
    }
    const wanted = clocksOf(updates)
    while (clocksOf([(await joined(participant)).state]) < wanted) await pause(200, client)
    client.end()
  },

  /** Milliseconds from nothing to the whole document in a client's memory, and what it is then. */
  async join({ participant }) {
    const begun = performance.now()
    const { state } = await joined(participant)
    const doc = new Y.Doc()
    Y.applyUpdate(doc, state)
    const ms = performance.now() - begun
    return { ms, bytes: state.length, keys: doc.getMap('annotations').size }
  },

  async storm({ participant, rate }) {
    storm = await Storm.begin(participant, rate)
  },
  calm: () => storm.end(),
  look: ({ participant, ms }) => look(participant, ms),
}

async function joined(participant) {
  const client = await new Client(participant).join()
  client.end()
  return client
}

/** The client ids under which the updates were written. */
const clientsOf = (updates) => [...new Set(updates.flatMap((update) => [...Y.parseUpdateMeta(update).to.keys()]))]

/** All that the updates say was ever written, counted. */
function clocksOf(updates) {
  const clocks = new Map()
  for (const update of updates)
    for (const [client, clock] of Y.parseUpdateMeta(update).to)
      clocks.set(client, Math.max(clock, clocks.get(client) ?? 0))
  return [...clocks.values()].reduce((sum, clock) => sum + clock, 0)
}

async function pause(ms, client) {
  if (client.closed !== null) throw new Error(`the server closed with ${client.closed}`)
  await new Promise((resolve) => setTimeout(resolve, ms))
}

process.on('message', async ({ id, verb, asked }) => {
  try {
    process.send({ id, answer: (await verbs[verb](asked)) ?? null })
  } catch (error) {
    process.send({ id, error: error instanceof Error ? error.stack : String(error) })
  }
})
process.on('disconnect', () => process.exit())
