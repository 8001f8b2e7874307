// Runs where modules do not: says so in words instead of showing a page that loads for ever.
"use strict";
window.addEventListener("DOMContentLoaded", function () {
  function tell(text) {
    document.getElementById("cover-title").textContent = "This page cannot run here";
    document.getElementById("cover-text").textContent = text;
    document.getElementById("cover-bar").hidden = true;
  }
  if (location.protocol === "file:") {
    tell("It was opened as a file. Browsers load its parts from a web server only: " +
      "run 'python3 -m http.server' in its folder and open the address that prints.");
  } else if (!("noModule" in document.createElement("script"))) {
    tell("This browser is too old: it has no JavaScript modules.");
  }
});
// A module that is not there fails without a word of its own.
window.addEventListener("error", function (event) {
  var part = event.target && (event.target.src || event.target.href);
  if (!part) return;
  document.getElementById("cover-title").textContent = "A part of this page is missing";
  document.getElementById("cover-text").textContent = part + " cannot be loaded, or a file it needs. Is the whole site there?";
  document.getElementById("cover-bar").hidden = true;
}, true);
