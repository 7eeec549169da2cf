/** The content of a file, taken into the bundle by Vite. */
declare module '*?raw' {
  const text: string;
  export default text;
}
