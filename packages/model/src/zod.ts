import { config, z } from 'zod'

// A page's content security policy forbids eval, and zod asks for it as soon as a schema is made: so before any is.
config({ jitless: true })

export { z }
