import { t } from '../i18n/index.svelte.ts'

const KB = 1024
const MB = KB * KB

/** So many bytes in the reader's language: `12 kB`, `3.4 MB`. */
export const sizeText = (bytes: number): string =>
  bytes < MB
    ? t('offline.kilobytes', { n: Math.ceil(bytes / KB) })
    : t('offline.megabytes', { n: Math.round((bytes / MB) * 10) / 10 })
