import { api, ask, type AnswerOf } from '../api.ts'

/** What a one-time link is for. */
export type Ticket = AnswerOf<Awaited<ReturnType<typeof api.tickets.look.$post>>>

/** Who comes in by an invitation or as the first owner. */
export interface NewPerson {
  name: string
  email: string
  password: string
}

/** Looks at a link without consuming it. */
export const lookAtTicket = (token: string) => ask(api.tickets.look.$post({ json: { token } }))

/** Consumes a link; a new person is needed where it makes one and nobody is signed in, a password is set where
 * the link allows that. */
export const applyTicket = (token: string, person: NewPerson | null, password: string | null) =>
  ask(api.tickets.use.$post({ json: { token, ...(person && { person }), ...(password !== null && { password }) } }))
