import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seeds } from '../fixtures/seeds.ts'
import { hardText } from '../fixtures/texts.ts'
import { type Language, languages } from './language.ts'
import { sentences } from './sentences.ts'
import { tokens } from './tokens.ts'

const parts = (text: string, language: Language) => sentences(text, language).map((range) => text.slice(...range))
const drawn = (text: string, language: Language) => parts(text, language).join('|')

test.each<[Language, string]>([
  ['ru', 'Встреча прошла в 2024 г. Алматы её принимал.'],
  ['ru', 'Встреча прошла в 2024 г. |Он это подтвердил.'],
  ['ru', 'Дом на ул. Абая стоит. |Адрес: ул. Абая, д. 5.'],
  ['ru', 'Писатель А. С. Пушкин жил там. |Пушкин А.С. Поэт.'],
  ['ru', 'См. рис. 3. |Далее – рис. 4 и стр. 5.'],
  ['ru', 'Имени акад. Сатпаева. |Проф. Иванов и доц. Ким.'],
  ['ru', 'Это 5 млн. Тенге крепнет. |Потом тыс. Рублей.'],
  ['ru', 'Директор Института языкознания им. А. Байтурсынова Анар Фазылжан.'],
  ['ru', 'Вы идете? — спросил он. |— Да!'],
  ['ru', 'Доступ, – отметила она. |– В нашей стране так. |2.0 вышла.'],
  ['ru', '«Вперёд!» – сказал он. |«Да!» |Потом ушёл.'],
  ['ru', '«Вперёд!» – Президент сказал это.'],
  ['ru', 'Заголовок без точки\n|Первое предложение. |Второе.\n\n\n|Третье'],
  ['ru', '1. Первое дело.\n|2. Второе дело. |Ещё.'],
  ['ru', 'Отлично! 👍 |Дальше. |(Он ушёл.) |Всё... |Нет... но да.'],
  ['ru', 'Книги, газеты и т.д. и т.п. продавали. |Так было.'],
  ['ru', 'Перегрузки до 10 G. |Затем спуск. |Поколение Z. |Исследование идёт и т. д. |Потом всё.'],
  ['ru', 'Текст (в 2024 г.) Алматы растёт.'],
  ['ru', '\n  Начало. |Конец.  '],
  ['ru', '  '],
  ['kk', 'Форум 2024 ж. Алматыда өтті. |Ол маңызды.'],
  ['kk', 'Мектеп, аурухана, т.б. Мекеме басшылары келді.'],
  ['kk', 'Бұл XX ғ. |Олар білген. |Қ. Жұбанов атындағы университет.'],
  ['kk', 'Қ.Ә. Жұбанов пен Ә.Ғ.Бөкейхан келді. |Т.с.с. Мекемелер.'],
  ['kk', 'Нәтижелері ұсынылды. |90 мыңнан астам ерікті қатысты.'],
  ['kk', '«Жарайсың!» – деді ол. |– Рақмет!'],
  ['en', 'Mr. Smith met Dr. Jones at 5 p.m. |He left. |See fig. 3 and No. 5.'],
  ['en', 'The U.S. Senate voted. |J. R. R. Tolkien wrote, e.g. the Hobbit.'],
  ['en', '“Stop!” she said. |Apple Inc. Shares fell. |eGov works.'],
])('%s %s', (language, expected) => expect(drawn(expected.replaceAll('|', ''), language)).toBe(expected))

test('an empty text has no sentence', () => expect(sentences('', 'ru')).toEqual([]))

test.each([
  ['000', 59],
  ['001', 68],
  ['002', 24],
  ['003', 19],
  ['004', 21],
])('article %s has %i sentences, as counted by reading', (number, count) => {
  const language = number === '004' ? 'kk' : 'ru'
  expect(parts(seeds[number] ?? '', language)).toHaveLength(count)
})

test.each([
  [
    '000',
    'К вопросам языковой политики и цифровизации обратилась директор Института языкознания им. А. Байтурсынова Анар Фазылжан.\n\n',
  ],
  [
    '001',
    'В свою очередь Нурдаулет Альмуханов сообщил, что сегодня в Астане зарегистрировано более 3 тыс. неправительственных организаций. ',
  ],
  [
    '002',
    '– В нашей стране достаточно хорошо развивается сектор GovTech, то есть инновации широко применяются в системе государственного управления. ',
  ],
  [
    '003',
    'На площадке форума в региональном университете имени К.Жубанова собрались представители неправительственных организацийт и волонтерских объединений, активисты, а также государственные органы и международные партнеры.\n\n',
  ],
  ['004', 'Ақтөбеде «Белсенді қоғам – берік болашақ» тақырыбында XII Азаматтық форум өтті\n'],
  [
    '004',
    'Қ.Жұбанов атындағы өңірлік университетте өткен форумға үкіметтік емес ұйымдар мен волонтерлер бірлестіктерінің өкілдері, белсенділер, сондай-ақ мемлекеттік органдар мен халықаралық серіктестер жиналды.\n',
  ],
])('article %s holds the sentence %s', (number, sentence) => {
  expect(parts(seeds[number] ?? '', number === '004' ? 'kk' : 'ru')).toContain(sentence)
})

test('sentences tile the text, none but the first begins with a blank, and none cuts a token', () => {
  fc.assert(
    fc.property(hardText, fc.constantFrom(...languages), (text, language) => {
      const found = sentences(text, language)
      expect(found.map((range) => text.slice(...range)).join('')).toBe(text)
      expect(found.every(([start, end], index) => start < end && start === (found[index - 1]?.[1] ?? 0))).toBe(true)
      const tokenStarts = new Set(tokens(text).map(([start]) => start))
      expect(found.slice(1).every(([start]) => tokenStarts.has(start))).toBe(true)
    }),
    { numRuns: 1000 },
  )
})
