// The terminal's colours: sixteen that can be read on their ground, light and dark.

const DARK = {
  background: "#16181d", foreground: "#e3e5e9", cursor: "#7fb0ff", cursorAccent: "#16181d", selectionBackground: "#34507d",
  black: "#2a2e37", red: "#f2777a", green: "#8ccf7e", yellow: "#e5c76b", blue: "#78a9ff", magenta: "#d3a4f9", cyan: "#6fd0d6", white: "#c9cdd4",
  brightBlack: "#7c8491", brightRed: "#ff9a9c", brightGreen: "#a9e39c", brightYellow: "#f5dc8f", brightBlue: "#a3c6ff", brightMagenta: "#e6c5ff", brightCyan: "#97e6ea", brightWhite: "#ffffff",
};
const LIGHT = {
  background: "#fbfbfa", foreground: "#24272e", cursor: "#1d5fc4", cursorAccent: "#fbfbfa", selectionBackground: "#bcd4f7",
  black: "#24272e", red: "#b3261e", green: "#256b2b", yellow: "#7a5900", blue: "#1d5fc4", magenta: "#8134a8", cyan: "#0e6b74", white: "#5b616b",
  brightBlack: "#646a75", brightRed: "#c8372e", brightGreen: "#2f7d36", brightYellow: "#8d6700", brightBlue: "#2f72da", brightMagenta: "#9747bf", brightCyan: "#137d87", brightWhite: "#24272e",
};

/** The theme for xterm.js. */
export const theme = (isDark) => (isDark ? DARK : LIGHT);
