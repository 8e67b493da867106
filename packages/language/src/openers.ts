import type { Language } from './language.ts'

/** Words that begin a sentence and no name: after an abbreviation only they tell that a new sentence has begun. */
export const openers: Readonly<Record<Language, ReadonlySet<string>>> = {
  ru: listed(`Он Она Оно Они Его Её Ее Их Это Этот Эта Эти Мы Вы Я Все Всё В Во На По С Со К Ко О Об Из За Для До При
    Но А И Или Также Однако Кроме Как Так Если Когда Пока Поэтому Сегодня Сейчас Там Здесь Тогда Теперь Затем Потом После
    Ранее Между По-прежнему Более Благодаря Напомним Отметим Среди`),
  kk: listed(`Ол Олар Оның Олардың Бұл Бұлар Осы Осылай Осыған Сондай-ақ Сонымен Сондықтан Соның Бірақ Ал Біз Сіз Енді
    Егер Жалпы Қазір Бүгін Бүгінде Кейін Себебі Алайда Дегенмен Яғни Мұнда Мұндай Сол Осындай Айта Еске Сонда`),
  en: listed(`The A An He She It They We You This That These Those In On At But And Or So However Also If When While There
    His Her Its Their As For To By After Before Since Then Now Today`),
}

function listed(words: string): ReadonlySet<string> {
  return new Set(words.split(/\s+/))
}
