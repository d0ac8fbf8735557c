#include <fmt/format.h>

#include "page/assets.h"

namespace runwatch::page {

std::string_view script() {
  return R"js('use strict';
// Refreshes the page in place: what is there is changed, not replaced, so that folds, focus, scroll and selection stay.
(() => {
  const kEvery = 5000, kEveryHidden = 30000, kPatience = 15000;
  const pause = document.getElementById('pause'), stale = document.getElementById('stale');
  let paused = false, timer = 0, asked = null, newest = new Date();

  const key = (node) => (node.nodeType === 1 ? node.dataset.key || node.id || '' : '');
  const alike = (a, b) => a.nodeName === b.nodeName && key(a) === key(b);

  function attributes(have, want) {
    for (const {name} of [...have.attributes]) {
      if (!want.hasAttribute(name) && name !== 'open') have.removeAttribute(name);
    }
    for (const {name, value} of want.attributes) {
      if (name !== 'open' && have.getAttribute(name) !== value) have.setAttribute(name, value);
    }
  }

  function become(have, want) {
    if (have.nodeType !== 1) {
      if (have.data !== want.data) have.data = want.data;
      return;
    }
    if (have.hasAttribute('data-own')) return;  // the script's, or what somebody is typing
    attributes(have, want);
    const keyed = new Map([...have.children].filter(key).map((child) => [key(child), child]));
    let at = have.firstChild;
    for (const next of [...want.childNodes]) {
      let found = key(next) ? keyed.get(key(next)) : at;
      if (!found || !alike(found, next)) {
        have.insertBefore(document.importNode(next, true), at);
        continue;
      }
      if (found === at) at = at.nextSibling;
      else have.insertBefore(found, at);
      become(found, next);
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  }

  function colour(href) {
    const icon = document.querySelector('link[rel=icon]');
    if (icon.getAttribute('href') !== href) icon.setAttribute('href', href);
  }

  function show(text) {
    const fresh = new DOMParser().parseFromString(text, 'text/html');
    if (!fresh.querySelector('main')) throw new Error('no page of ours');
    const focused = document.activeElement;
    document.title = fresh.title;
    colour(fresh.querySelector('link[rel=icon]').getAttribute('href'));
    for (const part of ['verdict', 'main', 'state']) {
      const have = document.getElementById(part), want = fresh.getElementById(part);
      if (have && want) become(have, want);
    }
    if (focused !== document.activeElement && focused.isConnected) focused.focus({preventScroll: true});
  }

  async function refresh() {
    clearTimeout(timer);
    if (asked) asked.abort();
    const mine = asked = new AbortController();
    const patience = setTimeout(() => mine.abort(), kPatience);
    try {
      const answer = await fetch(location.href, {signal: mine.signal, cache: 'no-store'});
      const text = await answer.text();
      if (!answer.ok && answer.status !== 404) throw new Error(answer.status);  // 404: a run that is watched no more
      if (paused) return;
      show(text);
      newest = new Date();
      stale.hidden = true;
    } catch {
      if (mine !== asked || paused) return;
      stale.textContent = 'No answer from runwatch: what is below is as of ' + newest.toLocaleTimeString() + '.';
      stale.hidden = false;
      document.title = '⚪ no answer · runwatch';
      colour('icon.svg?level=none');
    } finally {
      clearTimeout(patience);
      if (mine === asked) plan();
    }
  }

  function plan() {
    clearTimeout(timer);
    if (!paused) timer = setTimeout(refresh, document.hidden ? kEveryHidden : kEvery);
  }

  pause.addEventListener('click', () => {
    paused = !paused;
    pause.textContent = paused ? 'Go on refreshing' : 'Pause refreshing';
    paused ? clearTimeout(timer) : refresh();
  });
  document.addEventListener('visibilitychange', () => { if (!paused && !document.hidden) refresh(); });
  pause.hidden = false;
  plan();
})();
)js";
}

std::string icon(std::string_view query) {
  const auto is = [&](std::string_view level) { return query == "level=" + std::string(level); };
  const auto* const colour = is("bad") ? "#d13b30" : is("warn") ? "#d79a2b" : is("good") ? "#2e9a4c" : "#8a929c";
  const auto* const sign = is("good")   ? "M9 17l5 5 9-11"
                           : is("bad")  ? "M16 7v11M16 23v2"
                           : is("warn") ? "M9 16h14"
                                        : "M16 16h.1";
  return fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" )"
      R"(fill="{}"/><path d="{}" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round"/></svg>)",
      colour, sign);
}

}  // namespace runwatch::page
