"use strict";
(() => {
  document.documentElement.classList.add("has-js");
  const filter = document.getElementById("filter");
  const only = document.getElementById("only");
  const shown = document.getElementById("shown");
  const rows = [...document.querySelectorAll(".row[data-text]")];
  const groups = [...document.querySelectorAll("tbody.rows")];
  const texts = rows.map((row) => (row.dataset.text + " " + row.textContent).toLowerCase());
  const apply = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((row, i) => {
      const hide = (only.checked && row.classList.contains("same")) || !words.every((w) => texts[i].includes(w));
      row.hidden = hide;
      count += hide ? 0 : 1;
    });
    groups.forEach((g) => { g.hidden = !g.querySelector(".row:not([hidden])"); });
    shown.textContent = words.length || only.checked ? count + " of " + rows.length + " rows" : "";
  };
  filter.addEventListener("input", apply);
  only.addEventListener("change", apply);
  const copy = async (text) => {
    // A page from a file may have no clipboard interface; a selection works everywhere.
    if (navigator.clipboard && window.isSecureContext) {
      await navigator.clipboard.writeText(text);
      return;
    }
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    event.preventDefault();
    const from = button.dataset.copyFrom;
    const text = from ? document.getElementById(from).value : button.dataset.copy;
    const label = button.textContent;
    copy(text).then(() => { button.textContent = "copied"; }, () => { button.textContent = "can't copy"; });
    setTimeout(() => { button.textContent = label; }, 1200);
  });
  window.addEventListener("beforeprint", () => document.querySelectorAll("#charts details").forEach((d) => { d.open = true; }));
})();
