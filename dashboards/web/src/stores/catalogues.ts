/** Which of the company's lists have changed since this screen was opened: whoever shows one reads it again. */
import { defineStore } from 'pinia'
import { shallowReactive } from 'vue'

export const useCatalogues = defineStore('catalogues', () => {
  const versions = shallowReactive(new Map<string, number>())
  return {
    changed: (name: string, version: number): void => void versions.set(name, version),
    versionOf: (name: string): number | undefined => versions.get(name),
  }
})
