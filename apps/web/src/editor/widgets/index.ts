import type { Widget } from '@tamga/model'
import type { Component } from 'svelte'
import Line from './Line.svelte'
import Number from './Number.svelte'
import Options from './Options.svelte'
import Switch from './Switch.svelte'
import type { WidgetProps } from './widget.ts'

/** What is shown for the values of an attribute: the compiler asks for a component for each kind of widget. */
export const widgets: Readonly<Record<Widget, Component<WidgetProps>>> = {
  line: Line,
  options: Options,
  switch: Switch,
  number: Number,
}
