/* Before the first paint: the theme and language this browser was left with, so that nothing flashes.
   A file of its own because the content security policy allows no inline script. */
(function () {
  var saved = {}
  try {
    saved = JSON.parse(localStorage.getItem('perezvon.preferences') || '{}')
  } catch {
    saved = {}
  }
  var dark = matchMedia('(prefers-color-scheme: dark)').matches
  var root = document.documentElement
  root.dataset.theme = saved.theme === 'dark' || saved.theme === 'light' ? saved.theme : dark ? 'dark' : 'light'
  if (matchMedia('(prefers-contrast: more)').matches) root.dataset.contrast = 'more'
  if (saved.locale) root.lang = saved.locale
})()
