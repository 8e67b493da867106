import { z } from './zod.ts'

/** Why a name is refused; `at` counts code points from 1, `character` is written as U+202E. */
export type NameFault =
  | { readonly code: 'name_empty'; readonly details: Readonly<Record<string, never>> }
  | { readonly code: 'name_long'; readonly details: { readonly most: number } }
  | { readonly code: 'name_character'; readonly details: { readonly at: number; readonly character: string } }
  | { readonly code: 'name_marks'; readonly details: { readonly at: number } }

/** How long names may be, in UTF-16 code units. */
export const nameLimits = { person: 100, project: 200, label: 120, note: 200 } as const

// Scripts that write some words with a joiner or a non-joiner inside (Unicode, UAX 31, A1 and A2).
const JOINING = [
  ...['Arabic', 'Syriac', 'Mongolian', 'Nko', 'Mandaic', 'Adlam', 'Hanifi_Rohingya', 'Phags_Pa'],
  ...['Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil', 'Telugu', 'Kannada', 'Malayalam', 'Sinhala'],
  ...['Khmer', 'Myanmar', 'Tibetan', 'Balinese', 'Javanese'],
]
const joining = new RegExp(`[${JOINING.map((script) => `\\p{Script=${script}}`).join('')}]`, 'u')

// Cc controls, Zl and Zp line ends, Cs half characters, Co without an agreed meaning, Cf and DI what nobody sees.
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800]/u
const MARK = /\p{M}/u
/** Marks of no script of their own, the ones that are heaped up for effect. */
const COMMON_MARK = /\p{Script=Inherited}/u
const MOST_COMMON_MARKS = 3
const MOST_MARKS = 8
const BLANKS = /\p{Zs}+/gu
const PICTURE = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]/u
const KEYCAP = /[0-9#*]/

/** A name as it is stored: without blanks at its ends, and with one plain blank where several or others stood. */
export const cleanName = (name: string): string => name.trim().replace(BLANKS, ' ')

/**
 * What is wrong with a cleaned name, or null. A name holds no control, direction or invisible character and no heap of
 * combining marks: it could pass for another name, turn the line that it stands in, or cover its neighbours. Allowed are
 * the joiners inside words of scripts that need them, variation selectors behind Han, Mongolian and pictures, and joined
 * pictures. Linear in the length.
 */
export function nameFault(name: string, most: number): NameFault | null {
  if (name === '') return { code: 'name_empty', details: {} }
  if (name.length > most) return { code: 'name_long', details: { most } }
  const characters = [...name]
  const hidden = characters.findIndex((_, i) => isHidden(characters, i))
  if (hidden >= 0)
    return { code: 'name_character', details: { at: hidden + 1, character: codeOf(characters[hidden]!) } }
  const heap = heapOfMarks(characters)
  return heap === null ? null : { code: 'name_marks', details: { at: heap + 1 } }
}

function isHidden(characters: readonly string[], i: number): boolean {
  const character = characters[i]!
  if (!HIDDEN.test(character)) return false
  const before = characters[i - 1] ?? ''
  const after = characters[i + 1] ?? ''
  if (character === '\u200d' || character === '\u200c') {
    if (character === '\u200d' && PICTURE.test(before) && PICTURE.test(after)) return false
    // a virama with a joiner may end a word
    const goesOn = joining.test(after) || (MARK.test(before) && (after === '' || after === ' '))
    return !(joining.test(before) && goesOn)
  }
  if (character === '\ufe0e' || character === '\ufe0f') return !(PICTURE.test(before) || KEYCAP.test(before))
  if (/[\u{e0100}-\u{e01ef}]/u.test(character)) return !/\p{Script=Han}/u.test(before)
  if (/[\u180b-\u180d\u180f]/.test(character)) return !/\p{Script=Mongolian}/u.test(before)
  return true
}

/** The first letter with too many marks above and below it, or a mark without any letter. */
function heapOfMarks(characters: readonly string[]): number | null {
  let base = -1
  let marks = 0
  let common = 0
  for (const [i, character] of characters.entries()) {
    if (!MARK.test(character)) {
      base = i
      marks = common = 0
      continue
    }
    // a selector of a picture is a mark by its class and shows nothing
    if (/[\ufe0e\ufe0f\u{e0100}-\u{e01ef}]/u.test(character)) continue
    marks += 1
    if (COMMON_MARK.test(character)) common += 1
    if (base < 0 || characters[base] === ' ' || marks > MOST_MARKS || common > MOST_COMMON_MARKS)
      return Math.max(base, 0)
  }
  return null
}

const codeOf = (character: string): string =>
  `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`

/**
 * A name as a page shows it: what `nameFault` refuses is left out, so that a name of an older release or from elsewhere
 * breaks no page. Never empty. A good name comes back as it is.
 */
export function shownName(name: string): string {
  const cleaned = cleanName(name)
  if (nameFault(cleaned, Infinity) === null) return cleaned
  const characters = [...cleaned]
  const seen = characters.map((character, i) => (isHidden(characters, i) ? ' ' : character))
  let marks = 0
  const bare = seen.filter((character, i) => {
    marks = MARK.test(character) ? marks + 1 : 0
    return marks === 0 || (marks <= MOST_COMMON_MARKS && i > 0)
  })
  const shown = cleanName(bare.join(''))
  return nameFault(shown, Infinity) === null ? shown : '?'
}

// what turns the line that a title stands in; a mark of direction is part of titles in Arabic or Hebrew
const TURNING = /[\u202a-\u202e\u2066-\u2069]/u
const CONTROL = /[\p{Cc}\p{Cs}]/u

/**
 * The first character that no title holds, or null: controls but breaks and tabs, and what turns the text's direction.
 * Titles are otherwise as their source wrote them.
 */
export function titleFault(title: string): Extract<NameFault, { code: 'name_character' }> | null {
  const characters = [...title]
  const at = characters.findIndex((one) => TURNING.test(one) || (CONTROL.test(one) && !/[\t\n\r]/.test(one)))
  return at < 0 ? null : { code: 'name_character', details: { at: at + 1, character: codeOf(characters[at]!) } }
}

/** To be added to the schema of a title. */
export const checkTitle = (title: string, ctx: z.RefinementCtx): void => {
  const fault = titleFault(title)
  if (fault) ctx.addIssue({ code: 'custom', params: fault, message: fault.code })
}

const nameOf = (most: number) =>
  z
    .string()
    // what a client may send at all: longer is not looked at
    .max(4 * most)
    .overwrite(cleanName)
    .superRefine((name, ctx) => {
      const fault = nameFault(name, most)
      if (fault) ctx.addIssue({ code: 'custom', params: fault, message: fault.code })
    })

/** A person's name as it comes in; what is stored is cleaned. */
export const PersonName = nameOf(nameLimits.person)

/** What the maker of a link notes down, such as whom it is for. */
export const LinkNote = nameOf(nameLimits.note)
/** A project's name as it comes in; what is stored is cleaned. */
export const ProjectName = nameOf(nameLimits.project)

/** The fault that a name's schema found, or null: the refusal to throw instead of "malformed". */
export function nameFaultOf(issue: z.core.$ZodIssue | undefined): NameFault | null {
  if (issue?.code !== 'custom' || typeof issue.params?.['code'] !== 'string') return null
  return issue.params['code'].startsWith('name_') ? (issue.params as unknown as NameFault) : null
}

/** Equal for names that a reader takes for one: width, case and the way accents are written do not count. */
export const nameKey = (name: string): string => shownName(name).normalize('NFKC').toLowerCase()

/** Somebody in a list of people: what they sign in by, and the name under which a project's exports have them. */
interface Named {
  readonly account: string
  readonly name: string
  readonly signInName: string | null
  readonly pseudonym?: string | null
}

/**
 * The names of people in one list as pages show them, in their order. Where two have the same name, each stands with the
 * sign-in name behind it, without one with the pseudonym: `Анна Ким (anna.kim)`.
 */
export function namesApart(people: readonly Named[]): string[] {
  const counts = new Map<string, number>()
  for (const { name } of people) counts.set(nameKey(name), (counts.get(nameKey(name)) ?? 0) + 1)
  return people.map(({ account, name, signInName, pseudonym }) => {
    const shown = shownName(name)
    if (counts.get(nameKey(name)) === 1) return shown
    return `${shown} (${signInName ?? pseudonym ?? account.slice(0, 4)})`
  })
}
