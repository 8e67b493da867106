export const offline = {
  title: 'Here without network',
  lead: 'What this browser keeps, so that you go on where there is no network. Nobody else who signs in here sees it.',
  status: 'How it stands',

  opening: 'Opening without network',
  opening_ready: 'Ready: Tamga opens without network, and so do the articles below.',
  opening_coming: 'Being made ready. It takes a moment at the first visit.',
  opening_insecure:
    'Missing at this address: browsers allow it only where the way to the server is encrypted (https). Whoever runs this server can add that. What you mark in an open article is kept in this browser all the same until it is sent.',
  opening_refused: 'This browser keeps no pages; a private window does not, for one.',

  storage: 'Storage',
  storage_promised: 'Lasting: the browser does not clear it away by itself.',
  storage_open: 'Not promised: the browser may clear it away when the disk is full.',
  storage_refused: 'This browser lets nothing be kept, or its disk is full.',
  storageAsk: 'Ask for lasting storage',

  articles: 'Articles',
  articlesHere: { one: '{n} article, {size}', other: '{n} articles, {size}' },
  edits: 'Edits not sent',
  editsNone: 'none',

  kilobytes: '{n} kB',
  megabytes: '{n} MB',

  columnArticle: 'Article',
  columnProject: 'Project',
  columnSize: 'Size',
  columnWhen: 'As of',
  columnHow: 'Why it is here',
  columnActs: 'Acts',
  how_kept: 'taken along',
  how_opened: 'opened lately',
  none: 'No article is here yet',
  noneText: 'Take articles along in the list of a project. Those that you open last are here by themselves.',
  remove: 'Remove',
  removeOf: 'Remove «{title}» from this browser',
  removeAll: 'Remove all',

  take: 'Take along',
  drop: 'Remove from this browser',
  isHere: 'This article is here without network.',
  isKept: 'You took this article along: it is here without network.',
  takeAll: 'Take along all open ones',
  takeAllTitle: { one: 'Take along {n} open article?', other: 'Take along {n} open articles?' },
  takeAllText:
    'About {size}, with what is marked in them now. They stay in this browser until you remove them or sign out.',
  openHere: 'Open articles: {all}, here without network: {here}.',
  taking: 'Taken along: {done} of {all}',
  stop: 'Stop',

  needsTitle: 'This needs the network',
  needsText:
    'The server does not answer, and this page is not in this browser. It goes on by itself when the server answers.',
  notTaken:
    'The server does not answer, and this article was not taken along. It opens by itself when the server answers.',
  needsReview: 'The server does not answer, and decisions are made with it alone. The article itself is here.',
  toArticle: 'Open the article',
  ofProject: 'Of this project, here without network',

  newer: 'A new version of Tamga is ready.',
  reload: 'Reload',
  later: 'Later',

  signOutText: {
    one: '{n} article that you took along is removed from this browser. Edits that are not sent stay until you sign in again.',
    other:
      '{n} articles that you took along are removed from this browser. Edits that are not sent stay until you sign in again.',
  },
} as const
