/** What a list is narrowed to lives in the address of its page: a link, «back» and a reload show the same rows. */
import { type ComputedRef, computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'

export interface AddressFilters<T> {
  /** The same object as long as they say the same, whatever else of the address has changed. */
  filters: ComputedRef<T>
  narrow: (change: Partial<T>) => void
}

export function useAddressFilters<T extends object>(
  read: (query: Readonly<Record<string, unknown>>) => T,
  write: (filters: T) => Record<string, string>,
): AddressFilters<T> {
  const route = useRoute()
  const router = useRouter()
  const written = computed(() => JSON.stringify(write(read(route.query))))
  const filters = computed(() => read(JSON.parse(written.value) as Record<string, string>))
  return { filters, narrow: (change) => void router.replace({ query: write({ ...filters.value, ...change }) }) }
}
