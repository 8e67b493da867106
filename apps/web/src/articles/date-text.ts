/**
 * The ISO date that somebody wrote, as `2025-09-10` or, as Russian and Kazakh tables have it, `10.09.2025`. Null where
 * nothing is written, undefined where it is no date of the calendar.
 */
export function dateIn(text: string): string | null | undefined {
  const written = text.trim()
  if (written === '') return null
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(written)
  const iso = dotted ? `${dotted[3]!}-${dotted[2]!.padStart(2, '0')}-${dotted[1]!.padStart(2, '0')}` : written
  return /^\d{4}-\d\d-\d\d$/.test(iso) && stands(iso) ? iso : undefined
}

/** `Date` takes 30 February for 2 March. */
function stands(iso: string): boolean {
  const at = new Date(`${iso}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(iso)
}
