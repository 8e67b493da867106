// Loaded into the server before its own code (node --import), so that the two end together in every case.

/** A launcher that was killed outright could pass no signal on; its child is handed to another parent. */
const launcher = process.ppid
const watch = setInterval(() => {
  if (process.ppid === launcher) return
  clearInterval(watch)
  process.kill(process.pid, 'SIGTERM')
}, 200)
watch.unref()
