import type { ProblemCode, ProblemDetails, Role } from '@tamga/model'
import { api, ask, type AnswerOf } from '../api.ts'

type Answer = AnswerOf<Awaited<ReturnType<(typeof api.projects)[':project']['members']['$get']>>>
/** Somebody who takes part or took part; the e-mail is told to owners and to oneself. */
export type Membership = Answer['members'][number]

export const loadMembers = (project: string) => ask(api.projects[':project'].members.$get({ param: { project } }))

export const changeRole = (project: string, account: string, role: Role) =>
  ask(api.projects[':project'].members[':account'].$patch({ param: { project, account }, json: { role } }))

export const removeMember = (project: string, account: string) =>
  ask(api.projects[':project'].members[':account'].$delete({ param: { project, account } }))

/** A one-time link that signs the member in; it is told once. */
export const makeLink = async (project: string, account: string) => {
  const route = api.projects[':project'].members[':account'].link
  return (await ask(route.$post({ param: { project, account }, query: {} }))).url
}

/** How many days a link to sign in may live. */
export const linkDays = [1, 7, 30] as const
export type LinkDays = (typeof linkDays)[number]

type Made = AnswerOf<Awaited<ReturnType<(typeof api.projects)[':project']['accounts']['$post']>>>
/** What is handed to somebody without an e-mail; it is told once. */
export type Slip = Made['slips'][number]
/** Why a line of a list of names was refused. */
export interface RefusedLine {
  readonly line: number
  readonly name: string
  readonly code: ProblemCode
  readonly details: ProblemDetails
}

/** Makes an account for each name of a list, one a line. @throws Problem `names_refused` with `RefusedLine[]` */
export const makePeople = async (project: string, json: { names: string; role: Role; days: LinkDays }) =>
  (await ask(api.projects[':project'].accounts.$post({ param: { project }, json }))).slips

/** New slips for members; unused older ones open nothing any more. */
export const makeSlips = async (project: string, json: { accounts: string[]; days: LinkDays }) =>
  (await ask(api.projects[':project'].slips.$post({ param: { project }, json }))).slips

/** An invitation link; it is told once. */
export const invite = (project: string, json: { role: Role; days: 1 | 7 | 30; note: string | null }) =>
  ask(api.projects[':project'].invitations.$post({ param: { project }, json }))

export const revoke = (project: string, id: string) =>
  ask(api.projects[':project'].invitations[':id'].$delete({ param: { project, id } }))
