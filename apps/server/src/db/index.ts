export { FolderInUse } from './lock.ts'
export { openDatabase, type Database } from './open.ts'
