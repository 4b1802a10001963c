"use strict";
(() => {
  document.documentElement.classList.add("has-js");
  for (const tools of document.querySelectorAll(".tools[data-for]")) {
    const table = document.getElementById(tools.dataset.for);
    const [filter, only, shown] = [".filter", ".only", ".shown"].map((s) => tools.querySelector(s));
    const rows = [...table.querySelectorAll("tr.row")];
    const below = rows.map((row) => (row.nextElementSibling && row.nextElementSibling.classList.contains("below") ? row.nextElementSibling : null));
    const texts = rows.map((row) => ((row.dataset.text || "") + " " + row.textContent).toLowerCase());
    const apply = () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      rows.forEach((row, i) => {
        const hide = (only.checked && row.classList.contains("same")) || !words.every((w) => texts[i].includes(w));
        row.hidden = hide;
        if (below[i]) below[i].hidden = hide;
        count += hide ? 0 : 1;
      });
      const idle = words.length === 0 && !only.checked;
      shown.textContent = idle ? "" : count === 0 ? "nothing matches" : count + " of " + rows.length + " rows";
    };
    filter.addEventListener("input", apply);
    only.addEventListener("change", apply);
  }
  const all = document.getElementById("print-all");
  if (all) all.addEventListener("change", () => document.body.classList.toggle("print-all", all.checked));
  const open = () => {
    const row = location.hash && document.getElementById(location.hash.slice(1));
    if (!row) return;
    for (let at = row; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    const below = row.nextElementSibling;
    const details = below && below.classList.contains("below") && below.querySelector("details");
    if (details) details.open = true;
    row.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();
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
    const text = button.dataset.copy;
    const label = button.textContent;
    copy(text).then(() => { button.textContent = "copied"; }, () => { button.textContent = "can't copy"; });
    setTimeout(() => { button.textContent = label; }, 1200);
  });
})();
