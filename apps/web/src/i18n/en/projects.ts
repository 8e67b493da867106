export const projects = {
  title: 'Your projects',
} as const
