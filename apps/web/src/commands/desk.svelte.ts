/** Which of the two sheets over the page is open: the palette or the keys. */
class Desk {
  palette = $state(false)
  help = $state(false)
}

export const desk = new Desk()
