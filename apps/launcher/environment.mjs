const kept =
  /^npm_config_(registry|cache|ca|cafile|proxy|https_?proxy|no_?proxy|noproxy|strict_ssl|userconfig|globalconfig)$/

/**
 * The environment for child processes. npm passes its own flags on as `npm_config_*`, and pnpm and nested npm calls
 * would obey them; only those that say how the registry is reached stay.
 */
export function environment(more = {}) {
  const inherited = Object.entries(process.env).filter(([name]) => {
    const lower = name.toLowerCase()
    return !lower.startsWith('npm_config_') || kept.test(lower)
  })
  return { ...Object.fromEntries(inherited), ...more }
}
