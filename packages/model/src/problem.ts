/**
 * Every refusal there is, with the HTTP status it travels under. The sentence is the reader's: each interface language
 * has one for each code, and the compiler asks for it.
 */
export const problems = {
  // the request itself
  malformed: 400,
  too_large: 413,
  not_json: 415,
  over_limit: 400,
  too_deep: 400,
  rate_limited: 429,
  timed_out: 408,
  headers_too_large: 431,
  foreign_origin: 403,
  not_found: 404,
  busy: 503,
  internal: 500,
  unreachable: 503,
  disk_full: 507,
  // people
  sign_in: 401,
  wrong_password: 401,
  link_used: 410,
  demo_only_here: 403,
  email_taken: 409,
  weak_password: 400,
  forbidden: 403,
  last_owner: 409,
  role_above_yours: 403,
  member_gone: 404,
  session_limited: 403,
  password_kept: 403,
  name_empty: 400,
  name_long: 400,
  name_character: 400,
  name_marks: 400,
  name_twice: 409,
  name_member: 409,
  names_refused: 400,
  names_many: 400,
  name_differs: 409,
  project_removed: 410,
  // labels
  label_set_moved: 409,
  label_code_taken: 409,
  label_code_form: 400,
  label_key_taken: 409,
  label_in_use: 409,
  label_group_chosen: 409,
  label_unknown: 400,
  label_parent: 400,
  label_depth: 400,
  attribute_unknown: 400,
  attribute_type_fixed: 409,
  attribute_choices: 400,
  attribute_value: 400,
  label_set_form: 400,
  // articles
  text_empty: 400,
  text_nul: 400,
  text_surrogate: 400,
  text_utf8: 400,
  text_too_long: 400,
  text_too_slow: 400,
  file_too_large: 413,
  file_kind: 400,
  line_not_json: 400,
  line_no_text: 400,
  line_field: 400,
  line_meta_too_large: 400,
  line_too_long: 400,
  id_twice: 409,
  article_exists: 409,
  import_refused: 409,
  import_gone: 404,
  article_withdrawn: 409,
  article_erased: 410,
  reason_needed: 400,
  // spans
  span_empty: 400,
  span_outside: 400,
  span_overlap: 400,
  span_inside_character: 400,
  annotation_malformed: 400,
  annotation_exists: 409,
  annotation_gone: 404,
  own_only: 403,
  frozen: 409,
  locked: 409,
  edit_overtaken: 409,
  text_corrected: 409,
  asides_full: 409,
  // review
  changed_meanwhile: 409,
  undecided_left: 409,
  // corpus
  nothing_to_export: 409,
  spans_would_be_lost: 409,
  names_for_owner: 403,
} as const

export type ProblemCode = keyof typeof problems
export const problemCodes = Object.keys(problems) as ProblemCode[]

/** Numbers and names that a sentence is built from: file, line, quote, code … Never a secret, never raw input of size. */
export type ProblemDetails = Readonly<Record<string, string | number | null>>

/** A refusal: changes nothing, names the place and the remedy. Bugs throw `Error`. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly details: ProblemDetails
  /** What the reader needs beside the sentence: the difference of a refused decision, a list of faults. */
  readonly data: unknown

  constructor(code: ProblemCode, details: ProblemDetails = {}, data?: unknown) {
    super(code)
    this.name = 'Problem'
    this.code = code
    this.details = details
    this.data = data
  }

  get status() {
    return problems[this.code]
  }
}
