import { afterAll, describe, expect, inject, test } from 'vitest'
import { fileKindOf, type Found } from './file-kinds.ts'
import { Segmenter } from './segmenter.ts'

const segmenter = new Segmenter(inject('segmentWorker'))
afterAll(() => segmenter.close())

/** What a file gives, its bytes arriving in pieces of a size. */
async function read(name: string, content: string | Buffer, size = 7): Promise<Found[]> {
  const bytes = Buffer.from(content as string)
  async function* pieces() {
    for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
  }
  const found: Found[] = []
  for await (const one of fileKindOf(name)!.read(pieces(), segmenter)) found.push(one)
  return found
}

/** What was found in short: texts, and refusals as `line code details`. */
const told = (found: Found[]) =>
  found.map((one) =>
    'prepared' in one
      ? one.prepared.draft.text
      : [one.line, one.problem.code, ...Object.values(one.problem.details)].join(' '),
  )

const bytes = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part]))))

describe('a plain text file is one article, byte for byte', () => {
  test.each([
    ['with line breaks of all kinds', ' Бір\r\n\r\nекі\rүш\n\n'],
    ['with a byte order mark', '\ufeffБір'],
    ['with marks of its own', 'И\u0306 = Й'],
    ['with characters of two units', '🐎🐎 жүр'],
  ])('%s', async (_name, text) => expect(told(await read('a.TXT', text))).toEqual([text]))

  test.each([
    ['empty', '', [' text_empty']],
    ['blank', ' \r\n\ufeff', [' text_empty']],
    ['with NUL', 'аб\0в', [' text_nul 2']],
    ['in windows-1251', bytes('ok\nok ', 0xcf, 0xf0), [' text_utf8 6 2']],
    ['cut inside a character', bytes('ok ', 0xd0), [' text_utf8 3 1']],
    ['with an encoded lone surrogate', bytes(0xed, 0xa0, 0x80), [' text_utf8 0 1']],
    ['longer than an article may be', 'ж'.repeat(1_000_001), [' text_too_long']],
  ])('%s: refused', async (_name, content, expected) => {
    expect(told(await read('a.txt', content, 65_536))).toEqual(expected)
  })

  test('8 MB pass, a byte more does not, and the rest is not read', async () => {
    let asked = 0
    async function* endless() {
      for (;;) yield Buffer.alloc(1024 * 1024, (asked++, 'a'))
    }
    const found: Found[] = []
    for await (const one of fileKindOf('a.txt')!.read(endless(), segmenter)) found.push(one)
    expect(told(found)).toEqual([' file_too_large 8 MB'])
    expect(asked).toBe(9)
  })
})

describe('a file of lines is one article a line', () => {
  test('LF or CR LF between lines, blank lines passed over but counted, no break needed at the end', async () => {
    const found = await read('a.jsonl', '\n{"text":"бір"}\r\n \r\n{"text":"екі"}\n{"text":"үш"}')
    expect(told(found)).toEqual(['бір', 'екі', 'үш'])
    expect(found.map(({ line }) => line)).toEqual([2, 4, 5])
  })

  test('a byte order mark before the first line is no part of it', async () => {
    expect(told(await read('a.ndjson', '\ufeff{"text":"бір"}'))).toEqual(['бір'])
  })

  test('known fields are read, null is absent, everything else is kept', async () => {
    const line = {
      ...{ text: 'Мәтін.', id: 7, title: ' Тақырып ', language: 'kk', date: '2025-09-10', source: 's', licence: 'l' },
      ...{ group: null, url: 'https://example.org', deep: { a: [1] } },
    }
    const [found] = await read('a.jsonl', JSON.stringify(line))
    expect(found).toEqual({
      line: 1,
      prepared: {
        draft: {
          ...{ externalId: '7', text: 'Мәтін.', title: 'Тақырып', language: 'kk', date: '2025-09-10', source: 's' },
          ...{ licence: 'l', group: null, meta: { url: 'https://example.org', deep: { a: [1] } } },
        },
        tokens: Uint32Array.of(0, 5, 5, 6),
        sentences: Uint32Array.of(0, 6),
      },
    })
  })

  test('without a title the first line, without a language the one it looks like', async () => {
    const texts = [
      '\nҚазақстан халқы.\nЕкінші жол',
      'Сегодня в городе открыли новую школу',
      'The school was opened today',
    ]
    const found = await read('a.jsonl', texts.map((text) => JSON.stringify({ text })).join('\n'))
    expect(found.map((one) => 'prepared' in one && [one.prepared.draft.title, one.prepared.draft.language])).toEqual([
      ['Қазақстан халқы.', 'kk'],
      ['Сегодня в городе открыли новую школу', 'ru'],
      ['The school was opened today', 'en'],
    ])
  })

  test('a field named __proto__ is data', async () => {
    const [found] = await read('a.jsonl', '{"text":"a","__proto__":{"title":"x"}}')
    const { title, meta } = (found as { prepared: { draft: { title: string; meta: object } } }).prepared.draft
    expect(title).toBe('a')
    expect(Object.keys(meta)).toEqual(['__proto__'])
  })

  test.each([
    ['no JSON', '{"text":"a"}\n{"text":"b"', ['a', '2 line_not_json']],
    ['an array', '["text"]', ['1 line_not_json']],
    ['no text', '{"title":"a"}', ['1 line_no_text']],
    ['a text that is none', '{"text":5}', ['1 line_no_text']],
    ['an empty text', '{"text":" "}', ['1 text_empty']],
    ['NUL', '{"text":"a\\u0000"}', ['1 text_nul 1']],
    ['a lone surrogate', '{"text":"аб\\ud83d"}', ['1 text_surrogate 2']],
    ['a lone surrogate in a title', '{"text":"a","title":"\\udc00"}', ['1 line_field title']],
    ['NUL in metadata', '{"text":"a","url":["\\u0000"]}', ['1 line_field url']],
    ['a name that cannot be stored', '{"text":"a","x\\u0000":1}', ['1 line_field x\ufffd']],
    ['a language that is none of ours', '{"text":"a","language":"de"}', ['1 line_field language']],
    ['a date that is none', '{"text":"a","date":"10.09.2025"}', ['1 line_field date']],
    ['a deep value', `{"text":"a","x":${'['.repeat(40)}${']'.repeat(40)}}`, ['1 line_field x']],
    ['fields of more than 1 MB', `{"text":"a","x":"${'y'.repeat(1_000_001)}"}`, ['1 line_meta_too_large 1 MB']],
    ['invalid UTF-8', bytes('{"text":"a"}\n{"text":"', 0xff, '"}'), ['a', '2 text_utf8 9 1']],
    ['no line at all', '\n\n', [' text_empty']],
  ])('%s: refused', async (_name, content, expected) => expect(told(await read('a.jsonl', content))).toEqual(expected))

  test('a million empty lines are counted and handed to nobody', async () => {
    let turns = 0
    async function* empty() {
      for (let i = 0; i < 1000; i++) yield Buffer.alloc(1000, (turns++, '\n'))
      yield Buffer.from('{"text":"a"}')
    }
    const found: Found[] = []
    for await (const one of fileKindOf('a.jsonl')!.read(empty(), segmenter)) found.push(one)
    expect(found.map(({ line }) => line)).toEqual([1_000_001])
    expect(turns).toBe(1000)
  })

  test('a line of 100 MB is never held whole', async () => {
    async function* long() {
      for (let i = 0; i < 100; i++) yield Buffer.alloc(1024 * 1024, 'a')
      yield Buffer.from('\n{"text":"b"}')
    }
    const found: Found[] = []
    for await (const one of fileKindOf('a.jsonl')!.read(long(), segmenter)) found.push(one)
    expect(told(found)).toEqual(['1 line_too_long 16 MB', 'b'])
  })

  test('a line too long is passed over, the next is read', async () => {
    const long = `{"text":"${'a'.repeat(17 * 1024 * 1024)}"}\n{"text":"b"}`
    expect(told(await read('a.jsonl', long, 1024 * 1024))).toEqual(['1 line_too_long 16 MB', 'b'])
  })
})

test.each(['a.pdf', 'a.docx', 'a', '', 'txt'])('%s is no kind of file that can be read', (name) => {
  expect(fileKindOf(name)).toBeNull()
})

test('what breaks off is no refusal', async () => {
  // eslint-disable-next-line require-yield
  async function* cut(): AsyncGenerator<Buffer> {
    await Promise.reject(new Error('cut off'))
  }
  await expect(fileKindOf('a.txt')!.read(cut(), segmenter).next()).rejects.toThrow('cut off')
})
