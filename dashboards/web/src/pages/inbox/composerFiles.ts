/** Files handed over as soon as they are chosen, pasted or dropped: the message then only names them. */
import { type Ref, ref } from 'vue'
import { api } from '@/api/client'
import type { Attachment } from '@/api/conversations'

export interface ComposerFiles {
  /** Names of those on their way. */
  uploading: Ref<string[]>
  add: (chosen: Iterable<File>) => Promise<void>
}

/** `kept`: those of the draft, so that they outlive a reload as the text does. */
export function useComposerFiles(kept: () => Attachment[], keep: (files: Attachment[]) => void, fails: (error: unknown) => void): ComposerFiles {
  const uploading = ref<string[]>([])

  async function upload(file: File): Promise<void> {
    uploading.value = [...uploading.value, file.name]
    try {
      keep([...kept(), await api.upload<Attachment>('/files', { name: file.name }, file)])
    } catch (error) {
      fails(error)
    } finally {
      const index = uploading.value.indexOf(file.name)
      uploading.value = uploading.value.toSpliced(index, 1)
    }
  }
  async function add(chosen: Iterable<File>): Promise<void> {
    for (const file of chosen) await upload(file)
  }
  return { uploading, add }
}
