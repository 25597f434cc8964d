// Sets the theme that was chosen before anything is drawn; "auto" follows the system.
"use strict";
(() => {
  const chosen = localStorage.getItem("tiergate.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
