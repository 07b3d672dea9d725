import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/inter/wght-italic.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import './base.css';
import { mount } from 'svelte';
import { pickHost } from './host/pick';
import { watchTheme } from './state/theme.svelte';
import { start } from './state/session';
import Window from './views/Window.svelte';

watchTheme();

const target = document.querySelector('body > div');
if (target) {
  const host = await pickHost();
  void start(host);
  mount(Window, { target, props: {} });
}
