export { FolderInUse } from './lock.ts'
export { move } from './move.ts'
export { openDatabase, type Database } from './open.ts'
