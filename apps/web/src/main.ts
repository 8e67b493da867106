import '@fontsource-variable/golos-text/wght.css'
import '@fontsource-variable/literata/opsz.css'
import '@fontsource-variable/source-code-pro/wght.css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/table.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { shell } from './offline/shell.svelte.ts'
import { routes } from './routes.ts'
import { serve } from './runes/router.svelte.ts'

serve(routes)
// A Kazakh word mixes letters of two files of one face (ұ is in `cyrillic`, ә in `cyrillic-ext`): both come at once.
for (const face of ['16px "Golos Text Variable"', '19px "Literata Variable"']) void document.fonts.load(face, 'Aәұ')

mount(App, { target: document.getElementById('app')! })
shell.start()
