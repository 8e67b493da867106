import { hash, verify } from '@node-rs/argon2'
import { Problem } from '@tamga/model'
import { z } from 'zod'

export const MIN_LENGTH = 10

/** A password to be set: ten characters at least, and no more than argon2 needs to be asked for. */
export const NewPassword = z.string().max(200)

/** A PHC string of argon2id with OWASP's least parameters (19 MiB, 2 passes, 1 lane). Throws `weak_password`. */
export function hashPassword(password: string): Promise<string> {
  if ([...password].length < MIN_LENGTH) throw new Problem('weak_password', { least: MIN_LENGTH })
  return hash(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
}

// hashed once, so that an unknown address takes as long as a wrong password
let nobody: Promise<string> | undefined

/** True if the password is the one behind `stored`; takes the same time when there is none. */
export async function passwordFits(stored: string | null, password: string): Promise<boolean> {
  nobody ??= hash('nobody has this password')
  const fits = await verify(stored ?? (await nobody), password)
  return stored !== null && fits
}
