(() => {
const d = document, kept = {}, byId = id => d.getElementById(id);
const main = () => d.querySelector('main'), button = byId('pause');
let paused = false, asking = false, told = new Date();
const here = root => {
  if (!new Date().getTimezoneOffset()) return;
  for (const time of root.querySelectorAll('time')) {
    if (!/UTC/.test(time.textContent) || time.querySelector('.here')) continue;
    const at = new Date(time.dateTime), other = at.toDateString() !== new Date().toDateString();
    const shape = {hour: '2-digit', minute: '2-digit', hour12: false, ...other && {day: 'numeric', month: 'short'}};
    const span = d.createElement('span');
    span.className = 'here';
    span.textContent = ' (' + at.toLocaleString('en-GB', shape) + ' here)';
    time.append(span);
  }
};
const chosen = () => {
  for (const id in kept) { const fold = byId(id); if (fold) fold.open = kept[id]; }
};
const show = page => {
  const focus = d.activeElement, fold = focus && focus.closest('details[id]');
  const summary = focus && focus.tagName === 'SUMMARY' && fold ? fold.id : null;
  for (const find of ['title', 'h1', '#seen', '[rel=icon]', 'nav', 'main']) {
    const old = d.querySelector(find), now = page.querySelector(find);
    if (find === 'h1' && old.textContent !== now.textContent) byId('said').textContent = now.textContent;
    if (old && now) old.replaceWith(d.adoptNode(now)); else if (old && find === 'nav') old.remove();
    else if (now && find === 'nav') main().before(d.adoptNode(now));
  }
  chosen();
  here(d.body);
  if (summary && byId(summary)) byId(summary).querySelector('summary').focus();
};
const lose = () => {
  const lost = byId('lost');
  lost.textContent = 'This page could not be asked again: what it shows is from ' + told.toLocaleTimeString('en-GB') + ', your time.';
  lost.hidden = false;
};
const look = async () => {
  const picked = getSelection();
  if (paused || asking || d.hidden || picked && !picked.isCollapsed) return;
  asking = true;
  try {
    const answer = await fetch(location.href, {cache: 'no-store', signal: AbortSignal.timeout(15000)});
    if (!answer.ok) throw answer.status;
    show(new DOMParser().parseFromString(await answer.text(), 'text/html'));
    told = new Date();
  } catch { lose(); }
  asking = false;
};
const next = () => setTimeout(() => look().then(next), main().dataset.refresh * 1000);
addEventListener('click', event => {
  const fold = event.target.closest('summary') && event.target.closest('details[id]');
  if (fold) kept[fold.id] = !fold.open;
});
addEventListener('visibilitychange', look);
button.hidden = false;
button.onclick = () => { paused = !paused; button.textContent = paused ? 'Go on' : 'Pause'; if (!paused) look(); };
if (/[?&]still/.test(location.search)) button.click();
here(d.body);
next();
})();
