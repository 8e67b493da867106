// Imported first by every command, so an old Node is told in words before anything newer is used.
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Tamga needs Node 20.19 or newer (24 is recommended); this is Node ${process.versions.node}.`)
  process.exit(1)
}
