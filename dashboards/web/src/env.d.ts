declare module 'virtual:messages/*' {
  import type { LocaleMessageDictionary, VueMessageType } from 'vue-i18n'
  const messages: LocaleMessageDictionary<VueMessageType>
  export default messages
}
