/** Where each page stands. The table in routes.ts answers to the same addresses. */
export const paths = {
  home: () => '/',
  signIn: () => '/sign-in',
  link: () => '/link',
  account: () => '/account',
  offline: () => '/offline',
  projects: () => '/projects',
  project: (project: string) => `/projects/${project}`,
  labels: (project: string) => `/projects/${project}/labels`,
  people: (project: string) => `/projects/${project}/people`,
  settings: (project: string) => `/projects/${project}/settings`,
  import: (project: string) => `/projects/${project}/import`,
  export: (project: string) => `/projects/${project}/export`,
  article: (article: string) => `/articles/${article}`,
  review: (article: string) => `/articles/${article}/review`,
} as const
