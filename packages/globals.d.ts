// What a package may use beyond the language itself: the two text codecs that browsers and Node share, and the text of
// a file that the build puts into the code.
declare class TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean })
  decode(input?: Uint8Array): string
}
declare module '*?raw' {
  const text: string
  export default text
}
