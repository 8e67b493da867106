/** A value for a JSON column. Postgres reads the text; Kysely and pg would send an array as an SQL array. */
export const json = (value: unknown): string => JSON.stringify(value)
