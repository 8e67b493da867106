// Loaded into the server before its own code (node --import), so that the two end together in every case.

/** A launcher that was killed outright could pass no signal on; its child is handed to another parent. */
const launcher = process.ppid
setInterval(() => process.ppid !== launcher && process.kill(process.pid, 'SIGTERM'), 200).unref()

// Ctrl-C comes twice, from the terminal and from the launcher: the second must not cut the closing short.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {})
