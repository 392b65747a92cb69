/**
 * What makes the page live: numbers come by server-sent events and are put where they belong; where rows come or go the page is
 * fetched anew. Nothing moves under a form that is being filled in, and nothing is asked for while nobody looks.
 */
export const script = `'use strict';
(() => {
  const url = document.body.dataset.events;
  const button = document.getElementById('live');
  if (!url || !button || !window.EventSource) return;
  let source, paused = false;
  const cells = new Map();
  const index = () => {
    cells.clear();
    for (const cell of document.querySelectorAll('[data-k]')) cells.set(cell.dataset.k, cell);
  };
  const busy = () => {
    const at = document.activeElement;
    return at && at.closest('form') !== null && at.tagName !== 'BODY';
  };
  const renew = async () => {
    if (busy()) return;
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
    if (!answer.ok) return;
    const made = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const main = made.querySelector('main');
    if (main && !busy()) { document.querySelector('main').replaceWith(main); index(); }
  };
  const open = () => {
    if (source || paused || document.hidden) return;
    source = new EventSource(url);
    source.addEventListener('cells', (event) => {
      for (const [key, value] of Object.entries(JSON.parse(event.data))) {
        const cell = cells.get(key);
        if (!cell) continue;
        if (cell.tagName === 'rect') cell.setAttribute('width', value);
        else if (cell.textContent !== value) cell.textContent = value;
      }
    });
    source.addEventListener('renew', renew);
  };
  const close = () => { if (source) source.close(); source = undefined; };
  button.hidden = false;
  button.addEventListener('click', () => {
    paused = !paused;
    button.textContent = paused ? 'Go on' : 'Pause';
    button.setAttribute('aria-pressed', String(paused));
    if (paused) close(); else { renew(); open(); }
  });
  document.addEventListener('visibilitychange', () => { if (document.hidden) close(); else { renew(); open(); } });
  addEventListener('pagehide', close);
  index();
  open();
})();
`;
