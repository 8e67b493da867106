import { createHash } from 'node:crypto'

const sentences = [
  {
    lang: 'en',
    title: 'Tamga is at another address',
    text: 'This server answers at its own address only. Open it there; links that you were given begin with it.',
    operator:
      'If this address should work, start the server with it as PUBLIC_URL, and let the proxy pass the Host on.',
  },
  {
    lang: 'ru',
    title: 'Tamga находится по другому адресу',
    text: 'Этот сервер отвечает только по своему адресу. Откройте его там; присланные вам ссылки начинаются с него же.',
    operator:
      'Если должен работать этот адрес, запустите сервер с ним в PUBLIC_URL, а прокси пусть передаёт заголовок Host.',
  },
  {
    lang: 'kk',
    title: 'Tamga басқа мекенжайда',
    text: 'Бұл сервер өз мекенжайында ғана жауап береді. Сол жерден ашыңыз; сізге берілген сілтемелер де содан басталады.',
    operator:
      'Осы мекенжай жұмыс істеуі керек болса, серверді соны PUBLIC_URL етіп іске қосыңыз, ал прокси Host тақырыбын өткізсін.',
  },
] as const

const style = `:root { color-scheme: light dark; font: 16px/24px system-ui, sans-serif }
body { max-width: 38rem; margin: 3rem auto; padding: 0 1.25rem }
h1, h2 { font-size: 1.25rem; line-height: 1.75rem; margin: 0 }
section { margin: 2rem 0 }
p { margin: .5rem 0 }
a { font-size: 1.25rem; color: inherit; overflow-wrap: anywhere }
small { opacity: .75 }`

/** What the page may load: nothing but its own style. */
export const otherAddressPolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; frame-ancestors 'none'`

/**
 * A page for whoever opens the server under a name that is not its own, in the languages of the interface, the reader's
 * first. `url` is the server's own origin. It loads nothing: under this name nothing else is served.
 */
export function otherAddressPage(url: string, acceptLanguage: string): string {
  const wanted = acceptLanguage.toLowerCase().split(',', 10)
  const place = (lang: string) => {
    const at = wanted.findIndex((one) => one.trim().startsWith(lang))
    return at < 0 ? wanted.length : at
  }
  const ordered = sentences.toSorted((a, b) => place(a.lang) - place(b.lang))
  const parts = ordered.map(
    ({ lang, title, text, operator }, i) =>
      `<section lang="${lang}"><h${i === 0 ? 1 : 2}>${title}</h${i === 0 ? 1 : 2}><p>${text}</p>` +
      `<p><a href="${url}">${url}</a></p><p><small>${operator}</small></p></section>`,
  )
  const [{ lang, title }] = ordered as [(typeof sentences)[number]]
  return (
    `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>${title}</title>` +
    `<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style></head>` +
    `<body><main>${parts.join('')}</main></body></html>`
  )
}
