/** Two letters for a person: the first of the first two words, else the first two of the only one. */
export function initialsOf(name: string): string {
  // what tells people of one name apart is no part of it
  const words = name
    .replace(/ \([^)]*\)$/u, '')
    .trim()
    .split(/\s+/u)
  const letters =
    words.length > 1 ? words.slice(0, 2).map((word) => [...word][0] ?? '') : [...(words[0] ?? '')].slice(0, 2)
  return letters.join('').toLocaleUpperCase()
}
