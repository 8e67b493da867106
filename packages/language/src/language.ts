/** The languages of the articles, and of the interface. */
export const languages = ['ru', 'kk', 'en'] as const
export type Language = (typeof languages)[number]
