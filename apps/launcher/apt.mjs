import { existsSync, readFileSync } from 'node:fs'
import { run } from './children.mjs'

let updated = false

/**
 * Installs Debian packages where that is allowed: as root, on Debian itself (Ubuntu's chromium is a stub that asks for
 * a snap). Answers whether it was done.
 */
export async function aptInstall(...packages) {
  if (process.getuid?.() !== 0 || !isDebian()) return false
  console.log(`Installing ${packages.join(', ')} with apt …`)
  if (!updated && (await apt('update')) !== 0) return false
  updated = true
  return (await apt('install', '-y', '--no-install-recommends', ...packages)) === 0
}

function isDebian() {
  return existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))
}

async function apt(...args) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  return (await run('apt-get', ['-q', ...args], { env, stdio: ['ignore', 'inherit', 'inherit'] })).code
}
