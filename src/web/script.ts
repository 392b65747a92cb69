/**
 * What makes the page live: numbers come by server-sent events and are put where they belong; where rows come or go the page is
 * fetched anew. Nothing moves under a form that is being filled in, and nothing is asked for while nobody looks.
 */
export const script = `'use strict';
(() => {
  const body = document.body;
  const button = document.getElementById('pause');
  const told = document.getElementById('state');
  if (!body.dataset.events || !button || !window.EventSource) return;
  const patience = 1000 * Math.max(10, 3 * Number(body.dataset.seconds));
  let source, retry, isPaused = false, isDue = false, lastAt = Date.now(), rounds = 0;
  // Events that come while the page is fetched, which may be older than they are.
  let missed;
  const texts = new Map(), tones = new Map(), widths = new Map();

  const index = () => {
    for (const [map, name] of [[texts, 'k'], [tones, 'c'], [widths, 'w']]) {
      map.clear();
      for (const one of document.querySelectorAll('[data-' + name + ']')) map.set(one.dataset[name], one);
    }
  };
  const put = (cells) => {
    for (const [key, value] of Object.entries(cells)) {
      const text = texts.get(key), tone = tones.get(key), width = widths.get(key);
      if (text && text.textContent !== value) text.textContent = value;
      if (tone) tone.className = ('state ' + value).trim();
      if (width) width.setAttribute('width', value);
    }
  };
  const say = (text, isBad) => {
    if (told.textContent !== text) told.textContent = text;
    told.className = isBad ? 'bad' : '';
  };
  // Somebody fills in a form, or selects something.
  const isBusy = () => {
    const at = document.activeElement, main = document.querySelector('main'), chosen = getSelection();
    const isForm = at !== null && /^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName);
    return isForm || (chosen !== null && !chosen.isCollapsed && main.contains(chosen.anchorNode));
  };
  const replace = (fresh) => {
    const old = document.querySelector('main'), at = document.activeElement;
    const isInside = old !== at && old.contains(at);
    const name = isInside && (at.getAttribute('href') || at.getAttribute('aria-label'));
    const places = [...old.querySelectorAll('.wide')].map((one) => one.scrollLeft);
    old.replaceWith(fresh);
    fresh.querySelectorAll('.wide').forEach((one, number) => { one.scrollLeft = places[number] || 0; });
    // Who goes by the keyboard stays where he was.
    if (name) {
      const same = [...fresh.querySelectorAll('[href], [aria-label]')].find((one) =>
        one.getAttribute('href') === name || one.getAttribute('aria-label') === name);
      if (same) same.focus({ preventScroll: true });
    }
  };
  const renew = async () => {
    isDue = missed !== undefined || isBusy();
    if (isDue) return;
    missed = [];
    try {
      const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, redirect: 'error' });
      if (!answer.ok) return say('Not live: reload the page', true);
      const made = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const fresh = made.querySelector('main');
      isDue = isDue || isBusy();
      if (!fresh || isBusy()) return;
      replace(fresh);
      body.dataset.events = made.body.dataset.events || body.dataset.events;
      index();
      missed.forEach(put);
    } catch {
      say('Not live: no answer', true);
    } finally {
      missed = undefined;
    }
  };
  const heard = () => { lastAt = Date.now(); say('Live', false); };
  const open = () => {
    clearTimeout(retry);
    if (source || isPaused || document.hidden) return;
    source = new EventSource(body.dataset.events);
    source.addEventListener('cells', (event) => {
      heard();
      const cells = JSON.parse(event.data);
      if (missed) missed.push(cells);
      put(cells);
      // Charts are drawn by the server.
      if (isDue || (++rounds % 5 === 0 && document.querySelector('.chart'))) renew();
    });
    source.addEventListener('renew', () => { heard(); renew(); });
    source.addEventListener('error', () => {
      say('Not live: no answer', true);
      // The browser comes back by itself, but not after a refusal: too many watch, or the log-in is over.
      if (source && source.readyState === EventSource.CLOSED) { close(); retry = setTimeout(open, 30000); }
    });
  };
  const close = () => { if (source) source.close(); source = undefined; };
  const goOn = () => { lastAt = Date.now(); renew().then(open); };

  button.hidden = false;
  button.addEventListener('click', () => {
    isPaused = !isPaused;
    button.textContent = isPaused ? 'Go on' : 'Pause';
    if (isPaused) { close(); say('Paused', false); } else goOn();
  });
  document.addEventListener('visibilitychange', () => { if (document.hidden) close(); else if (!isPaused) goOn(); });
  addEventListener('pagehide', close);
  addEventListener('pageshow', (event) => { if (event.persisted && !isPaused) goOn(); });
  setInterval(() => {
    if (source && Date.now() - lastAt > patience) say('No numbers since ' + new Date(lastAt).toLocaleTimeString(), true);
  }, 2000);
  index();
  open();
})();
`;
