declare module 'virtual:messages/*' {
  import type { LocaleMessage, VueMessageType } from 'vue-i18n'
  const messages: LocaleMessage<VueMessageType>
  export default messages
}
