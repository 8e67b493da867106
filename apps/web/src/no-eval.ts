import { config } from 'zod'

// Imported before anything that checks data: zod would try to compile its checks with eval, which the content security
// policy forbids.
config({ jitless: true })
